# The static archive: one object of which only doorstep_* can be seen, so that an app may carry another SQLite, another
# protobuf or another Abseil. Needs GNU's linker and dependencies that are static archives themselves.
#
# There is none with DOORSTEP_GRPC: the gRPC of the system is a shared library, and not one object.
#
# Groups are resolved here (--force-group-allocation): else the app's linker would take the app's copy of an inline
# function or a vtable for ours, which may be of another version.
get_target_property(protobuf doorstep_protobuf_lite IMPORTED_LOCATION)
execute_process(COMMAND ${CMAKE_C_COMPILER} -Wl,--version OUTPUT_VARIABLE linker ERROR_QUIET)
if(DOORSTEP_GRPC OR NOT protobuf MATCHES "\\.a$" OR NOT linker MATCHES "GNU ld" OR NOT CMAKE_OBJCOPY)
  message(STATUS
    "No static archive: it needs GNU's linker, objcopy, static dependencies (client_core/dependencies), and no gRPC")
  return()
endif()

add_executable(doorstep_relocatable EXCLUDE_FROM_ALL api/no_builtin.cc)
set_target_properties(doorstep_relocatable PROPERTIES SUFFIX .o)
target_link_options(doorstep_relocatable PRIVATE -r -nostdlib -Wl,--force-group-allocation)
target_link_libraries(doorstep_relocatable PRIVATE doorstep_flags
  -Wl,--whole-archive doorstep_api -Wl,--no-whole-archive doorstep_session)
set(archive ${CMAKE_CURRENT_BINARY_DIR}/libdoorstep.a)
add_custom_command(OUTPUT ${archive} DEPENDS doorstep_relocatable VERBATIM
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=doorstep_* --strip-unneeded
          $<TARGET_FILE:doorstep_relocatable> doorstep.o
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} qcs ${archive} doorstep.o)
add_custom_target(doorstep_archive ALL DEPENDS ${archive})
set_target_properties(doorstep_archive PROPERTIES ARCHIVE ${archive})
