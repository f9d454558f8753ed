# Headers that nearly every file includes, parsed once a build: three sets, each on top of the one before. A file still
# includes what it uses; the phone preset builds without these sets, so that a forgotten #include is found.
option(DOORSTEP_PRECOMPILE "Parse the common headers once" ON)

# doorstep_precompile(TARGET SET): SET is core, grpc or tests.
function(doorstep_precompile TARGET SET)
  if(DOORSTEP_PRECOMPILE AND NOT DOORSTEP_PHONE)
    target_precompile_headers(${TARGET} REUSE_FROM doorstep_${SET}_headers)
    target_compile_options(${TARGET} PRIVATE -fPIC)  # As the sets are; programs would take -fPIE.
  endif()
endfunction()

# Called once doorstep_proto is there, whose headers are among them.
function(doorstep_add_precompiled)
  if(NOT DOORSTEP_PRECOMPILE OR DOORSTEP_PHONE)
    return()
  endif()
  set(core <algorithm> <chrono> <cstdint> <functional> <map> <memory> <optional> <set> <string> <utility> <vector>
      <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_join.h> <absl/strings/str_split.h>
      <doorstep/v1/client.pb.h> <doorstep/v1/command.pb.h> <doorstep/v1/fold.pb.h> <doorstep/v1/health.pb.h>
      <doorstep/v1/sync.pb.h> <doorstep/v1/visit.pb.h>)
  set(grpc ${core} <grpcpp/grpcpp.h>)
  set(tests ${core} <gmock/gmock.h> <gtest/gtest.h>)
  set(sets core grpc)
  if(DOORSTEP_TESTS)
    find_package(GTest REQUIRED)
    list(APPEND sets tests)
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "// Only so that there is something to compile.\n")
  foreach(set ${sets})
    add_library(doorstep_${set}_headers STATIC ${CMAKE_BINARY_DIR}/precompiled.cc)
    target_link_libraries(doorstep_${set}_headers PRIVATE doorstep_flags doorstep_proto absl::statusor absl::strings)
    target_precompile_headers(doorstep_${set}_headers PRIVATE ${${set}})
  endforeach()
  target_link_libraries(doorstep_grpc_headers PRIVATE gRPC::grpc++)
  if(DOORSTEP_TESTS)
    target_link_libraries(doorstep_tests_headers PRIVATE GTest::gmock)
  endif()
endfunction()
