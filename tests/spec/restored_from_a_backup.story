# The server's disk is gone, and a backup of noon is put in place: phones send again what the afternoon brought
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
bo enrols
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana syncs
office backs up as noon.backup
ana at 09:00 reports V1 resolved fault F1
customer of V1 answers csat 5
ana syncs
bo notes V1 "came to help"
bo syncs
expect visit V1 completed flags none
office looks at health of acme
server is restored from noon.backup
expect visit V1 in progress
ana syncs
bo syncs
expect entry ana#2 counted
expect entry ana#3 counted
expect entry bo#1 counted
expect visit V1 completed flags none
expect health acme score stays
ana notes V1 "goes on"
ana syncs
expect entry ana#5 counted
expect nothing lost or doubled
expect rebuild equal
