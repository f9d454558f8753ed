# A promise that is kept after its day costs less than a broken one and more than one kept in time
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana starts work on V1
ana promises V1 P1 due tomorrow 12:00
ana promises V1 P2 due tomorrow 12:00
ana at 09:00 keeps promise P2 on V1
ana reports V1 partially done fault F1
ana syncs
office looks at health of acme
expect health acme counts PROMISE_KEPT once
expect health acme counts PROMISE_OVERDUE never
2 days later
ana syncs
expect health acme counts PROMISE_OVERDUE once
expect health acme promises falls
office looks at health of acme
ana at 10:00 keeps promise P1 on V1
ana syncs
expect health acme counts PROMISE_LATE once
expect health acme counts PROMISE_OVERDUE never
expect health acme promises rises
expect nothing lost or doubled
expect rebuild equal
