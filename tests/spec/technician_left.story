# A technician left the company: what was recorded before counts, however late it comes; what was recorded after does not
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
office creates visit V2 for acme on boiler-1 today 13:00-15:00 for ana
ana syncs
ana goes offline
ana at 08:05 arrives at V1
ana starts work on V1
ana at 09:00 reports V1 resolved fault F1
ana at 13:10 arrives at V2
ana starts work on V2
ana notes V2 "still at it"
at 15:00 office records that ana left today 12:00
expect refused office assigns V2 to ana
ana comes online
ana syncs
expect visit V1 completed flags none
expect entry ana#1 counted
expect entry ana#3 counted
expect visit V2 dispatched flags none
expect entry ana#4 needs attention AUTHOR_LEFT
expect entry ana#6 needs attention AUTHOR_LEFT
expect explanation of ana#4 says "ana left the company on 2026-03-02 at 12:00 UTC"
expect attention ana#4 ana#5 ana#6
expect health acme counts OUTCOME_RESOLVED once
expect health acme counts ARRIVAL_IN_WINDOW once
expect ana's phone in lane DRAIN_ONLY
expect ana's phone shows no visit V1
expect ana's phone explains V1 with "you have left the company"
# What is recorded all the same is taken, and does not count.
ana notes V1 "one thing more"
ana syncs
expect entry ana#7 needs attention AUTHOR_LEFT
# Somebody who is there may record it anew, and somebody else goes.
office repairs ana#4 for V2
expect visit V2 on site
office dismisses ana#7
office reassigns V2 from ana to bo
expect nothing lost or doubled
server is killed and started again
expect rebuild equal
