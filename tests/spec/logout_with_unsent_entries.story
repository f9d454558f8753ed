# Who signs out takes the visits off the phone and leaves every entry, which is sent under their name
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana wei
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for wei
ana enrols
office lets wei use ana's phone
ana syncs
wei signs in on ana's phone
ana syncs
expect ana's phone ready for today
ana goes offline
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana at 09:00 reports V1 resolved fault F1
wei signs out of ana's phone with 3 entries only there
expect ana's phone shows no visit V1
expect entry ana#3 saved here
ana's phone is put to sleep
ana's phone is killed
expect ana's phone shows no visit V1
office lets wei use ana's phone no longer
ana signs in on ana's phone
ana comes online
ana syncs
expect ana's phone shows no visit V1
expect entry ana#1 counted
expect entry ana#3 counted
expect visit V1 completed flags none
expect visit V1 led by wei
expect nothing lost or doubled
expect rebuild equal
