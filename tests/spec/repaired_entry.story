# A slip of the thumb names a visit that nobody made: the office repairs it, the phone says so, and it counts once
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:00 arrives at V1
ana starts work on V1
ana at 09:00 reports V7 resolved fault F1
ana notes V7 "never mind, only trying"
ana syncs
expect entry ana#3 needs attention UNKNOWN_VISIT
expect visit V1 in progress
expect attention ana#3 ana#4
expect health acme counts OUTCOME_RESOLVED never

at 10:00 office repairs ana#3 for V1
office dismisses ana#4
expect visit V1 completed
expect health acme counts OUTCOME_RESOLVED once
expect log of V1 shows ana#3 and its repair
expect attention nothing
expect refused office repairs ana#3 for V1
expect refused office replays ana#1
ana syncs
expect entry ana#3 repaired
expect entry ana#4 dismissed
expect explanation of ana#3 says "It was repaired: entry office."
expect explanation of ana#3 says "it belongs to V1"
expect explanation of ana#4 says "it was only tried out"
expect ana's phone shows visit V1 completed

# Making the visit that was named by mistake brings nothing back.
office creates visit V7 for acme on boiler-1
expect visit V7 unscheduled
expect health acme counts OUTCOME_RESOLVED once

server is killed and started again
expect nothing lost or doubled
expect rebuild equal
