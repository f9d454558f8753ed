# Both the old and the new technician worked and report different outcomes: neither wins silently
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
bo enrols
ana syncs
bo syncs
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
expect visit V1 led by bo
expect nothing lost or doubled
expect rebuild equal
