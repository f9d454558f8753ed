# Two technicians disagree, and the office decides whose word counts: visit, work order and health follow, and both hear of it
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
bo enrols
ana syncs
ana goes offline
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
at 08:30 office reassigns V1 from ana to bo
bo syncs
ana at 09:00 reports V1 not resolved fault F1
bo at 10:00 arrives at V1
bo starts work on V1
bo at 11:00 reports V1 resolved fault F1
bo syncs
ana comes online
ana syncs
expect visit V1 completed flags REASSIGNED_WORKED OUTCOME_DISAGREES
expect visit V1 flag OUTCOME_DISAGREES between ana and bo
expect work order of V1 completed
office looks at health of acme
office resolves attention of V1 as KEEP_A
expect visit V1 incomplete flags NOT_FIXED
expect visit V1 led by ana
expect work order of V1 needs visit
expect health acme counts OUTCOME_NOT_RESOLVED once
expect health acme counts OUTCOME_RESOLVED never
expect health acme reliability falls
ana syncs
bo syncs
expect entry ana#3 counted
expect explanation of ana#3 says "the office has decided that ana's word counts: somebody has looked"
expect explanation of bo#3 says "the office has decided that ana's word counts: somebody has looked"
expect bo's phone shows no visit V1
expect bo's phone explains V1 with "somebody has looked"
expect refused office resolves attention of V1 as KEEP_B
# What bo records later was decided about as well, unless bo comes again.
bo leaves V1
bo syncs
expect visit V1 incomplete flags NOT_FIXED
bo at 12:00 arrives at V1
bo starts work on V1
bo syncs
expect visit V1 incomplete flags REASSIGNED_WORKED STEPS_IMPLIED NOT_FIXED
expect visit V1 flag REASSIGNED_WORKED between ana and bo
expect nothing lost or doubled
server is killed and started again
expect rebuild equal
