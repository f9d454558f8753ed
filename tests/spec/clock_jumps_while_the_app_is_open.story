# The wall clock jumps forward and back while the app is open: the monotonic clock tells when, and the order stays
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana's clock is 30 hours ahead
ana at 08:10 starts work on V1
ana's clock is -50 hours ahead
ana at 08:40 pauses V1
ana goes offline
ana's clock is 5 hours ahead
ana at 08:50 resumes V1
ana's clock is right again
ana at 09:00 reports V1 resolved fault F1
ana comes online
ana syncs
expect entry ana#1 happened today 08:05 trusted
expect entry ana#2 happened today 08:10 trusted
expect entry ana#3 happened today 08:40 trusted
expect entry ana#4 happened today 08:50 trusted
expect entry ana#5 happened today 09:00 trusted
expect visit V1 completed flags none
expect health acme counts ARRIVAL_IN_WINDOW once
expect nothing lost or doubled
expect rebuild equal
