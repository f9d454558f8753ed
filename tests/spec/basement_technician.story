# A technician two days in a basement has missed nothing: the window is pending until the phone has reported
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
office looks at health of acme
ana goes offline
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana at 09:00 reports V1 resolved fault F1
2 days later
expect window of V1 pending
expect visit V1 dispatched
expect health acme counts ARRIVAL_MISSED never
expect health acme effort stays
ana comes online
ana syncs
expect window of V1 settled
expect health acme counts ARRIVAL_IN_WINDOW once
expect health acme counts ARRIVAL_MISSED never
expect nothing lost or doubled
expect rebuild equal
