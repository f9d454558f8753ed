# A phone whose disk is full goes on recording and sending; what the office has is fetched when there is room again
phones have disks of their own
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
expect ana's phone has room
ana goes offline
ana's disk is full
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana at 09:00 reports V1 resolved fault F1
ana notes V1 "the one that found the disk full, and all after it"
expect ana's phone has a full disk
expect entry ana#4 saved here
office creates visit V2 for acme on boiler-1 today 13:00-14:00 for ana
ana comes online
ana tries to sync and is told "the disk is full"
expect office has entry ana#4
expect ana's phone shows no visit V2
expect ana's phone not ready for today
ana's phone reboots
expect ana's phone has a full disk
ana notes V1 "started again on a full disk"
ana's disk has room again
ana syncs
expect ana's phone has room
expect ana's phone shows visit V2 dispatched
expect ana's phone ready for today
expect entry ana#5 counted
expect visit V1 completed flags none
expect nothing lost or doubled
expect rebuild equal
