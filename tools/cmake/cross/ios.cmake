# iPhones; with -DDOORSTEP_SIMULATOR=ON Xcode's simulator of one, on a Mac with Apple's processor. Not run: no Xcode is in
# Debian.
option(DOORSTEP_SIMULATOR "For Xcode's simulator" OFF)
set(CMAKE_SYSTEM_NAME iOS)
set(CMAKE_SYSTEM_PROCESSOR arm64)
set(CMAKE_OSX_ARCHITECTURES arm64)
set(CMAKE_OSX_DEPLOYMENT_TARGET 15.0 CACHE STRING "The oldest iOS it runs on")
if(DOORSTEP_SIMULATOR)
  set(CMAKE_OSX_SYSROOT iphonesimulator)
else()
  set(CMAKE_OSX_SYSROOT iphoneos)
endif()
# A program for a phone would have to be signed.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES DOORSTEP_SIMULATOR)
# Programs that help to build are this machine's; everything else is the phone's, or is given.
set(CMAKE_FIND_ROOT_PATH ${CMAKE_PREFIX_PATH})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
