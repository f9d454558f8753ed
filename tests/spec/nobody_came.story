# Once the phone has reported past the window and nobody arrived, the window counts as missed
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
office looks at health of acme
the next day
expect window of V1 pending
expect health acme counts ARRIVAL_MISSED never
ana syncs
expect window of V1 settled
expect health acme counts ARRIVAL_MISSED once
expect health acme effort falls
expect rebuild equal
