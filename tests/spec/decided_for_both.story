# Two technicians disagree, and the office credits both: both stay on the visit, whose outcome is that of who leads
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
office resolves attention of V1 as CREDIT_BOTH
expect visit V1 completed flags none
expect visit V1 led by bo
ana syncs
expect ana's phone shows visit V1 completed
expect explanation of ana#3 says "the office has credited both ana and bo"
expect nothing lost or doubled
expect rebuild equal
