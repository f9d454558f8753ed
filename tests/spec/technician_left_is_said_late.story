# The word that a technician left comes after entries that it concerns: they stop counting, and count again when it is taken back
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana starts work on V1
ana at 09:00 reports V1 resolved fault F1
customer of V1 answers csat 5
ana syncs
expect visit V1 completed
office looks at health of acme
at 12:00 office records that ana left today 08:30
expect visit V1 in progress flags none
expect entry ana#1 counted
expect entry ana#3 quarantined AUTHOR_LEFT
expect entry ana#4 quarantined AUTHOR_LEFT
expect health acme counts OUTCOME_RESOLVED never
expect health acme counts CSAT never
expect refused office replays ana#1
office replays ana#3
expect entry ana#3 quarantined AUTHOR_LEFT
office records that ana left today 09:00
expect entry ana#3 quarantined AUTHOR_LEFT
office takes back that ana left
expect visit V1 completed flags none
expect health acme score stays
expect attention nothing
ana syncs
expect entry ana#3 counted
expect ana's phone in lane ACTIVE
expect ana's phone shows visit V1 completed
expect nothing lost or doubled
expect rebuild equal
