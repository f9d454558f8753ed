# A phone whose replica is damaged builds it anew; what was recorded is not touched
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana goes offline
ana at 08:05 arrives at V1
ana's replica is damaged
expect ana's phone reports "office's data"
expect entry ana#1 saved here
ana notes V1 "still recording"
ana comes online
ana syncs
expect ana's phone shows visit V1 on site
expect entry ana#1 counted
expect entry ana#2 counted
expect nothing lost or doubled
expect rebuild equal
