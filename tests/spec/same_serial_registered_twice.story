# Two technicians register the same machine: both are stored, and the office is asked whether they are one
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
bo enrols
office creates visit V2 for acme on boiler-1 today 08:00-10:00 for bo
ana syncs
bo syncs
ana at 08:05 arrives at V1
ana registers asset pump-a of acme with serial SN-771 at V1
bo at 08:20 arrives at V2
bo registers asset pump-b of acme with serial "sn-771 " at V2
ana syncs
expect attention nothing
bo syncs
expect entry ana#2 counted
expect entry bo#2 counted
expect attention pump-a pump-b
office merges pump-b into pump-a
expect attention nothing
office imports asset pump-c of acme with serial SN-771
expect attention pump-a pump-c
office says that pump-a and pump-c are different things
expect attention nothing
expect refused office merges pump-b into pump-a
expect nothing lost or doubled
server is killed and started again
expect attention nothing
expect rebuild equal
