# Two technicians on one visit: it ends when the lead has reported and both are done
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
office assigns V1 to bo
ana enrols
bo enrols
ana syncs
bo syncs
expect bo's phone shows visit V1 dispatched
ana at 08:05 arrives at V1
bo at 08:06 arrives at V1
ana at 08:10 starts work on V1
bo at 08:11 starts work on V1
ana at 09:00 reports V1 resolved fault F1
bo syncs
ana syncs
expect visit V1 in progress
bo at 09:30 ends work on V1
bo syncs
expect visit V1 completed flags none
expect visit V1 led by ana
expect health acme counts OUTCOME_RESOLVED once
ana syncs
expect ana's phone shows visit V1 completed
expect nothing lost or doubled
expect rebuild equal
