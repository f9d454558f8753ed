# A technician works offline on a visit that was reassigned meanwhile: the work counts and the visit is theirs again
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
bo enrols
ana syncs
ana goes offline
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
at 08:30 office reassigns V1 from ana to bo
bo syncs
expect bo's phone shows visit V1 dispatched
ana at 09:00 reports V1 resolved fault F1

at 10:00 ana comes online
ana syncs
expect visit V1 completed flags REASSIGNED_WORKED
expect visit V1 led by ana
expect entry ana#2 needs attention REASSIGNED_WORKED
expect entry ana#3 counted
expect attention V1
bo syncs
expect bo's phone shows no visit V1
expect nothing lost or doubled
expect rebuild equal
