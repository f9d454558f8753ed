# A phone wakes up in 1970 and has no network: what it records is suspect, stands in its order and on a day that can be, and its punctuality counts for nothing
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana goes offline
ana's phone reboots
ana's clock is set back to 1970
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana's phone reboots
ana's clock is right again
ana at 09:00 reports V1 resolved fault F1
ana comes online
ana syncs
expect entry ana#1 is suspect
expect entry ana#3 happened today 09:00 trusted
expect visit V1 completed flags none
expect health acme counts ARRIVAL_IN_WINDOW never
expect health acme counts ARRIVAL_MISSED never
expect health acme counts OUTCOME_RESOLVED once
expect nothing lost or doubled
expect rebuild equal
