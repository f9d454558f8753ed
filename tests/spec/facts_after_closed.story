# What comes after a visit was closed amends it: it counts, health follows, and the reviewer is told, each time anew
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana starts work on V1
ana at 09:00 reports V1 resolved fault F1
ana syncs
expect first-time fix of V1 PENDING
office looks at health of acme
ana goes offline
# Recorded before the review, and not yet there when it is made.
customer of V1 answers csat 1
at 10:00 office closes V1
expect visit V1 closed flags none
expect refused office closes V1
expect health acme counts CSAT never
ana comes online
ana syncs
expect visit V1 closed flags AMENDED
expect health acme counts CSAT once
expect entry ana#4 needs attention AMENDED
expect explanation of ana#4 says "the visit had been closed already"
expect attention V1

office resolves attention of V1
expect visit V1 closed flags none
ana at 11:00 corrects ana#3 to not resolved fault F1
ana syncs
expect visit V1 closed flags AMENDED NOT_FIXED
expect health acme counts OUTCOME_NOT_RESOLVED once
expect health acme counts OUTCOME_RESOLVED never
expect first-time fix of V1 UNSPECIFIED
expect health acme reliability falls
server is killed and started again
expect nothing lost or doubled
expect rebuild equal
