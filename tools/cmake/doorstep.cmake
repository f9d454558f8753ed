# What every target of Doorstep shares: the language, the warnings, and one function that makes a layer.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_INCLUDE_CURRENT_DIR OFF)

cmake_path(SET DOORSTEP_ROOT NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/../..)

# doorstep_find(NAME HEADER LIBRARY PACKAGE): the imported target doorstep_NAME, found under CMAKE_PREFIX_PATH and where
# the compiler looks, or given as -DDOORSTEP_NAME_LIBRARY=FILE -DDOORSTEP_NAME_INCLUDE=FOLDER. Needs no pkg-config, which
# the toolchains of phones do not have.
function(doorstep_find NAME HEADER LIBRARY PACKAGE)
  string(TOUPPER DOORSTEP_${NAME} variable)
  find_path(${variable}_INCLUDE ${HEADER})
  find_library(${variable}_LIBRARY ${LIBRARY})
  if(NOT ${variable}_INCLUDE OR NOT ${variable}_LIBRARY)
    message(FATAL_ERROR "${HEADER} or lib${LIBRARY} is missing. Try: tools/setup, the package ${PACKAGE}, "
      "-DCMAKE_PREFIX_PATH=FOLDER, or -D${variable}_LIBRARY=FILE -D${variable}_INCLUDE=FOLDER")
  endif()
  add_library(doorstep_${NAME} UNKNOWN IMPORTED)
  set_target_properties(doorstep_${NAME} PROPERTIES IMPORTED_LOCATION ${${variable}_LIBRARY})
  target_include_directories(doorstep_${NAME} SYSTEM INTERFACE ${${variable}_INCLUDE})
endfunction()

find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
doorstep_find(sodium sodium.h sodium libsodium-dev)
doorstep_find(zstd zstd.h zstd libzstd-dev)
if(DOORSTEP_PHONE)
  # The compiler is this machine's, and of the version of the library.
  doorstep_find(protobuf_lite google/protobuf/message_lite.h protobuf-lite libprotobuf-dev)
  find_program(DOORSTEP_PROTOC protoc REQUIRED)
  add_executable(protobuf::protoc IMPORTED)
  set_target_properties(protobuf::protoc PROPERTIES IMPORTED_LOCATION ${DOORSTEP_PROTOC})
  if(DOORSTEP_GRPC)
    doorstep_find(grpcpp grpcpp/grpcpp.h grpc++ libgrpc++-dev)
    doorstep_find(gpr grpc/support/log.h gpr libgrpc-dev)
    target_link_libraries(doorstep_grpcpp INTERFACE doorstep_gpr absl::synchronization)
  endif()
else()
  find_package(Protobuf REQUIRED)
  find_package(gRPC CONFIG REQUIRED)
  find_package(OpenSSL REQUIRED)
  find_package(PkgConfig REQUIRED)
endif()

add_library(doorstep_flags INTERFACE)
# g++ 12 takes moves of std::variant for reads of what is not there (GCC bug 105562 and its kin); clang keeps the check.
# Optimised, it takes copies of short std::strings for copies of more bytes than there are (GCC bug 105651 and its kin).
# -pthread defines a macro, and precompiled headers are taken only by files with the same macros.
target_compile_options(doorstep_flags INTERFACE -pthread -Wall -Wextra
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds;-Wno-restrict>")
# A compiler that is newer than ours warns of more, which is no reason for an app not to have its core.
if(NOT PROJECT_NAME STREQUAL doorstep_client)
  target_compile_options(doorstep_flags INTERFACE -Werror)
endif()
target_include_directories(doorstep_flags INTERFACE ${DOORSTEP_ROOT} ${DOORSTEP_ROOT}/client_core/include)
# Not for the whole build: SQLite then compiles as in the other presets, and ccache hands it to them.
if(DOORSTEP_KILL_POINTS)
  target_compile_definitions(doorstep_flags INTERFACE DOORSTEP_KILL_POINTS)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/precompiled.cmake)

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
    target_include_directories(${NAME} PUBLIC ${DOORSTEP_ROOT})
    doorstep_precompile(${NAME} ${ARG_HEADERS})
  else()
    add_library(${NAME} INTERFACE)
    target_link_libraries(${NAME} INTERFACE ${ARG_DEPS})
    target_include_directories(${NAME} INTERFACE ${DOORSTEP_ROOT})
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
