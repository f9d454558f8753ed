# A phone whose wall clock is a day and an hour ahead is believed by its monotonic clock, and nothing is refused
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana's clock is 25 hours ahead
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana at 09:00 reports V1 resolved fault F1
ana syncs
expect entry ana#1 happened today 08:05 trusted
expect entry ana#3 happened today 09:00 trusted
expect health acme counts ARRIVAL_IN_WINDOW once
expect visit V1 completed flags none
expect rebuild equal
