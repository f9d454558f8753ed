# What every target of Doorstep shares: the language, the warnings, and one function that makes a layer.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_INCLUDE_CURRENT_DIR OFF)

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
if(NOT DOORSTEP_PHONE)
  find_package(gRPC CONFIG REQUIRED)
  find_package(OpenSSL REQUIRED)
endif()

add_library(doorstep_flags INTERFACE)
# g++ 12 takes moves of std::variant for reads of what is not there (GCC bug 105562 and its kin); clang keeps the check.
# Optimised, it takes copies of short std::strings for copies of more bytes than there are (GCC bug 105651 and its kin).
# -pthread defines a macro, and precompiled headers are taken only by files with the same macros.
target_compile_options(doorstep_flags INTERFACE -pthread -Wall -Wextra -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds;-Wno-restrict>")
target_include_directories(doorstep_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/client_core/include)
# Not for the whole build: SQLite then compiles as in the other presets, and ccache hands it to them.
if(DOORSTEP_KILL_POINTS)
  target_compile_definitions(doorstep_flags INTERFACE DOORSTEP_KILL_POINTS)
endif()

include(precompiled)

# Known bugs are built into the files that name them. All others compile as without, and ccache hands them over.
function(doorstep_plant_bugs)
  if(NOT DOORSTEP_PLANTED_BUGS)
    return()
  endif()
  foreach(file ${ARGN})
    file(STRINGS ${file} plants REGEX "planted_bug\\.h" LIMIT_COUNT 1)
    if(plants)
      set_property(SOURCE ${file} APPEND PROPERTY COMPILE_DEFINITIONS DOORSTEP_PLANTED_BUGS)
    endif()
  endforeach()
endfunction()

# doorstep_layer(NAME FOLDER DEPS target... [EXCLUDE file...] [HEADERS set]): a static library of every .cc in FOLDER.
# A layer links only what it names, so that a call against the arrows of the architecture does not link.
function(doorstep_layer NAME FOLDER)
  cmake_parse_arguments(ARG "" "HEADERS" "DEPS;EXCLUDE" ${ARGN})
  if(NOT ARG_HEADERS)
    set(ARG_HEADERS core)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${FOLDER}/*.cc)
  foreach(file ${ARG_EXCLUDE})
    list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${FOLDER}/${file})
  endforeach()
  if(sources)
    doorstep_plant_bugs(${sources})
    add_library(${NAME} STATIC ${sources})
    target_link_libraries(${NAME} PRIVATE doorstep_flags PUBLIC ${ARG_DEPS})
    target_include_directories(${NAME} PUBLIC ${PROJECT_SOURCE_DIR})
    doorstep_precompile(${NAME} ${ARG_HEADERS})
  else()
    add_library(${NAME} INTERFACE)
    target_link_libraries(${NAME} INTERFACE ${ARG_DEPS})
    target_include_directories(${NAME} INTERFACE ${PROJECT_SOURCE_DIR})
  endif()
endfunction()

# The allocator of programs in which one frame makes thousands of small messages: a fifth of the processor's time with
# glibc's. Sanitizers bring their own. Named by its version, because the package with the plain name brings a debugger's
# libraries along.
add_library(doorstep_allocator INTERFACE)
find_library(DOORSTEP_TCMALLOC libtcmalloc_minimal.so.4)
if(DOORSTEP_TCMALLOC AND NOT "${CMAKE_CXX_FLAGS_DEBUG}" MATCHES "fsanitize")
  target_link_libraries(doorstep_allocator INTERFACE ${DOORSTEP_TCMALLOC})
endif()
