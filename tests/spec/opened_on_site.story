# A visit opened on site counts at once and is flagged for dispatch
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
office imports asset boiler-2 of acme
ana enrols
ana syncs
ana goes offline
ana at 08:05 arrives at V1
ana opens visit V1b on site for acme on boiler-2
ana at 08:30 starts work on V1b
ana at 09:00 reports V1b resolved fault F2
expect ana's phone shows visit V1b completed
ana comes online
ana syncs
expect visit V1b completed flags OPENED_ON_SITE
expect entry ana#2 counted
expect entry ana#4 counted
expect health acme counts OUTCOME_RESOLVED once
expect ana's phone shows visit V1b completed
expect nothing lost or doubled
expect rebuild equal
