# The server is killed between uploads: what it had said is safe stays safe, and everything goes on
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana syncs
expect entry ana#2 counted
server is killed and started again
expect visit V1 in progress
ana at 09:00 reports V1 resolved fault F1
ana's phone is killed
ana syncs
expect visit V1 completed flags none
server restarts
ana syncs
expect entry ana#3 counted
expect nothing lost or doubled
expect rebuild equal
