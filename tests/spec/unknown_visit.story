# Entries for a visit the office does not know wait, hold up nobody, and count when the office creates it
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:00 arrives at V7
ana starts work on V7
ana at 09:00 reports V7 resolved fault F1
ana notes V1 "Went to V7 first"
ana syncs
expect entry ana#1 needs attention UNKNOWN_VISIT
expect entry ana#3 needs attention UNKNOWN_VISIT
expect entry ana#4 counted
expect explanation of ana#1 says "will count as soon as the office has made this visit"
expect health acme counts OUTCOME_RESOLVED never

at 12:00 office creates visit V7 for acme on boiler-1
expect visit V7 completed
ana syncs
expect entry ana#1 counted
expect entry ana#3 counted
expect health acme counts OUTCOME_RESOLVED once
expect nothing lost or doubled
expect rebuild equal
