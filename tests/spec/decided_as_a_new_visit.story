# What the other technician did becomes a visit of its own, of the same work order, and so does what comes later
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
bo goes offline
customer of V1 answers csat 5
bo leaves V1
office resolves attention of V1 as NEW_VISIT V1-b
expect visit V1 incomplete flags NOT_FIXED
expect visit V1 led by ana
expect visit V1-b completed flags none
expect visit V1-b led by bo
expect work order of V1 completed
expect entry bo#1 counted for visit V1-b
expect health acme counts OUTCOME_NOT_RESOLVED once
expect health acme counts OUTCOME_RESOLVED once
expect first-time fix of V1 NO
expect health acme counts CSAT never
bo comes online
bo syncs
expect visit V1-b has feedback
expect health acme counts CSAT once
expect entry bo#5 counted for visit V1-b
expect bo's phone shows no visit V1
expect bo's phone explains V1 with "what you recorded counts for visit V1-b"
expect bo's phone shows visit V1-b completed
expect explanation of bo#3 says "the office has made visit V1-b for what bo recorded here"
# What the technician goes on with there is the new visit's own.
bo corrects bo#3 to not resolved fault F1
bo syncs
expect visit V1-b incomplete flags NOT_FIXED
expect refused office resolves attention of V1 as NEW_VISIT V1-c
expect nothing lost or doubled
server is killed and started again
expect rebuild equal
