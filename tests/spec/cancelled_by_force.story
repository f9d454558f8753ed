# A cancellation forced on work under way holds unless work goes on after it
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana syncs
expect refused office cancels V1
at 08:30 office cancels V1 by force
expect visit V1 canceled
ana at 09:00 notes V1 "Packing up"
ana syncs
expect visit V1 canceled
expect nothing lost or doubled
expect rebuild equal
