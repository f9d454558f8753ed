# A fix that did not hold: the second visit within 30 days is a repeat, and the first was no first-time fix
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana starts work on V1
ana at 09:00 reports V1 resolved fault F1
ana syncs
office looks at health of acme
office creates visit V2 for acme on boiler-1 friday 08:00-10:00 for ana
4 days later
ana syncs
ana at 08:05 arrives at V2
ana starts work on V2
ana at 09:00 reports V2 resolved fault F1
ana syncs
expect health acme counts REPEAT_VISIT once
expect health acme reliability falls
expect nothing lost or doubled
expect rebuild equal
