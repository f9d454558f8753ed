# An offline day with a phone that is killed reaches the office whole, and changes the customer's health
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
expect ana's phone shows visit V1 dispatched
office looks at health of acme

ana goes offline
ana at 07:40 travels to V1
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
expect ana's phone shows visit V1 in progress
ana notes V1 "Pressure at 1.1 bar, 阀座 worn"
ana's phone is killed
expect ana's phone shows visit V1 in progress
ana uses part VALVE-7 on V1
ana at 09:00 reports V1 resolved fault F1
customer of V1 answers csat 4 ces 6
expect ana's phone shows visit V1 completed
expect entry ana#1 saved here
expect visit V1 dispatched

at 17:30 ana comes online
ana syncs
expect entry ana#1 counted
expect entry ana#7 counted
expect visit V1 completed flags none
expect visit V1 has feedback
expect work order of V1 completed
expect health acme reliability rises
expect health acme counts OUTCOME_RESOLVED once
expect health acme counts ARRIVAL_IN_WINDOW once
expect health acme counts CSAT once
expect health acme counts CES once
expect nothing lost or doubled
expect rebuild equal
