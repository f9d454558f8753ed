# Who only travelled and arrived does not take a reassigned visit back, and what was recorded is kept
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
bo enrols
ana syncs
ana goes offline
ana at 08:05 arrives at V1
ana notes V1 "Nobody opens"
at 08:30 office reassigns V1 from ana to bo
at 09:00 ana comes online
ana syncs
expect visit V1 dispatched flags none
expect visit V1 led by bo
expect entry ana#1 counted
expect entry ana#2 counted
expect ana's phone shows no visit V1
expect nothing lost or doubled
expect rebuild equal
