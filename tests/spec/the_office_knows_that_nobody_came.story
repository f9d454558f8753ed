# The office records a miss without waiting for the phone
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana goes offline
office looks at health of acme
at 12:00 office records that nobody came to V1
expect health acme counts ARRIVAL_MISSED once
expect health acme effort falls
expect rebuild equal
