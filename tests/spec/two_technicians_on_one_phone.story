# Two technicians share a phone: each reads their own visits, and every entry keeps its author
office imports account acme
office imports asset boiler-1 of acme
office imports asset boiler-2 of acme
office imports technicians ana wei
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
office creates visit V2 for acme on boiler-2 today 10:00-12:00 for wei
ana enrols
ana syncs
expect ana's phone shows visit V1 dispatched
expect ana's phone shows no visit V2
office lets wei use ana's phone
ana syncs
expect ana's phone shows no visit V2
ana goes offline
ana at 08:05 arrives at V1
wei signs in on ana's phone
ana at 10:05 arrives at V2
expect ana's phone not ready for today
ana comes online
ana syncs
expect ana's phone shows visit V1 on site
expect ana's phone shows visit V2 on site
expect ana's phone ready for today
ana at 11:00 reports V2 resolved fault F1
ana signs in on ana's phone
ana at 11:30 reports V1 resolved fault F1
ana syncs
expect visit V1 completed flags none
expect visit V2 completed flags none
expect visit V1 led by ana
expect visit V2 led by wei
expect entry ana#4 counted
expect nothing lost or doubled
expect rebuild equal
