# What was recorded by mistake is corrected or retracted, before or after it was sent; nothing is edited
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana starts work on V1
ana at 09:00 reports V1 not resolved fault F1
ana corrects ana#3 to resolved fault F1
expect ana's phone shows visit V1 completed
customer of V1 answers csat 1
ana retracts ana#5
ana syncs
expect visit V1 completed flags none
expect health acme counts OUTCOME_RESOLVED once
expect health acme counts OUTCOME_NOT_RESOLVED never
expect health acme counts CSAT never

office looks at health of acme
ana corrects ana#3 to not resolved fault F1
ana syncs
expect visit V1 incomplete flags NOT_FIXED
expect health acme counts OUTCOME_NOT_RESOLVED once
expect health acme counts OUTCOME_RESOLVED never
expect health acme reliability falls
customer of V1 answers csat 5
ana syncs
expect health acme counts CSAT once
ana retracts ana#8
ana syncs
expect health acme counts CSAT never
expect nothing lost or doubled
expect rebuild equal
