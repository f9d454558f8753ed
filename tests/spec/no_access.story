# Nobody opens the door: the visit is incomplete and flagged, and the customer's reliability does not suffer
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
office looks at health of acme
ana at 08:05 arrives at V1
ana finds no access to V1
ana syncs
expect visit V1 incomplete flags NO_ACCESS
expect work order of V1 needs visit
expect health acme reliability stays
expect health acme counts ARRIVAL_IN_WINDOW once
expect rebuild equal
