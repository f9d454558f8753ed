# Phones with Android: the NDK's own toolchain file, with what Doorstep asks of it. Not run: no NDK is in Debian.
#
#   ANDROID_NDK_HOME              in the environment: the NDK, r27 or newer
#   -DANDROID_ABI=arm64-v8a       or armeabi-v7a, x86_64 (the emulator)
if(NOT EXISTS $ENV{ANDROID_NDK_HOME}/build/cmake/android.toolchain.cmake)
  message(FATAL_ERROR "There is no NDK at ANDROID_NDK_HOME=\"$ENV{ANDROID_NDK_HOME}\". Try: export ANDROID_NDK_HOME=FOLDER")
endif()
set(ANDROID_ABI arm64-v8a CACHE STRING "Which processor")
set(ANDROID_PLATFORM android-26 CACHE STRING "The oldest Android it runs on")
# No C++ crosses the header, so the app needs no C++ runtime of ours beside its own.
set(ANDROID_STL c++_static)
# Phones whose pages are 16 KiB, as Google Play asks for.
set(ANDROID_SUPPORT_FLEXIBLE_PAGE_SIZES ON)
set(CMAKE_FIND_ROOT_PATH ${CMAKE_PREFIX_PATH})
include($ENV{ANDROID_NDK_HOME}/build/cmake/android.toolchain.cmake)
