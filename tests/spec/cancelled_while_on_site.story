# The office cancels a visit while the technician, offline, is on site: what was done counts
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana goes offline
ana at 08:05 arrives at V1
at 08:20 office cancels V1
expect visit V1 canceled
ana at 08:30 starts work on V1
ana at 09:00 reports V1 resolved fault F1
ana comes online
ana syncs
expect visit V1 completed flags AFTER_CANCEL
expect health acme counts OUTCOME_RESOLVED once
expect nothing lost or doubled
expect rebuild equal
