# A Debian 12 of another processor: Debian's cross compiler, the libraries of .cache/sysroot (tools/setup --cross), and
# QEMU to run what comes out. Included by the files beside it, which name `processor`, `triplet`, `architecture`, `qemu`.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${processor})
cmake_path(SET sysroot NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/../../../.cache/sysroot/${architecture})
set(CMAKE_SYSROOT ${sysroot})
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_CXX_COMPILER ${triplet}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})
# Programs that help to build are this machine's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
# Everything else is the other machine's, or is given.
set(CMAKE_FIND_ROOT_PATH ${CMAKE_PREFIX_PATH})
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${sysroot})
set(ENV{PKG_CONFIG_LIBDIR} ${sysroot}/usr/lib/${triplet}/pkgconfig:${sysroot}/usr/share/pkgconfig)
set(CMAKE_CROSSCOMPILING_EMULATOR ${qemu};-L;${sysroot})
