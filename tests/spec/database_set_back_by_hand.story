# Somebody puts an old copy of the database in place: it keeps its generation, until a phone shows what the server said
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
bo enrols
bo syncs
ana at 08:05 arrives at V1
ana syncs
server's database is copied as old
ana at 08:10 starts work on V1
ana at 09:00 reports V1 resolved fault F1
ana syncs
bo notes V1 "came to help"
bo syncs
expect visit V1 completed flags none
office looks at health of acme
somebody puts the database old in place by hand
expect visit V1 on site
bo notes V1 "once more"
bo syncs
ana syncs
expect visit V1 completed flags none
expect health acme score stays
expect entry ana#3 counted
expect entry bo#1 counted
expect entry bo#2 counted
expect nothing lost or doubled
expect rebuild equal
