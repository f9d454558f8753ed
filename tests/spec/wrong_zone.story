# A phone in the wrong zone: instants are right, and the day of the facts is that of the phone
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana's zone is 11 hours ahead of UTC
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana at 14:00 reports V1 resolved fault F1
ana syncs
expect entry ana#1 happened today 08:05 trusted
expect entry ana#3 happened today 14:00 trusted
expect health acme counts ARRIVAL_IN_WINDOW once
expect visit V1 completed flags none
expect nothing lost or doubled
expect rebuild equal
