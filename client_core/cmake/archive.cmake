# The static archive: one object of which only doorstep_* can be seen, so that an app may carry another SQLite, another
# protobuf or another Abseil. Needs GNU's linker or Apple's, and dependencies that are static archives themselves.
#
# There is none with DOORSTEP_GRPC: the gRPC of the system is a shared library, and not one object.
get_target_property(protobuf doorstep_protobuf_lite IMPORTED_LOCATION)
execute_process(COMMAND ${CMAKE_C_COMPILER} -Wl,--version OUTPUT_VARIABLE linker ERROR_QUIET)
if(DOORSTEP_GRPC OR NOT protobuf MATCHES "\\.a$" OR NOT (APPLE OR (linker MATCHES "GNU ld" AND CMAKE_OBJCOPY)))
  message(STATUS
    "No static archive: it needs GNU's linker or Apple's, static dependencies (client_core/dependencies), and no gRPC")
  return()
endif()

add_executable(doorstep_relocatable EXCLUDE_FROM_ALL api/no_builtin.cc)
set_target_properties(doorstep_relocatable PROPERTIES SUFFIX .o MACOSX_BUNDLE OFF)
target_link_options(doorstep_relocatable PRIVATE -r -nostdlib)
target_link_libraries(doorstep_relocatable PRIVATE doorstep_flags $<LINK_LIBRARY:WHOLE_ARCHIVE,doorstep_api>
  doorstep_session)
if(APPLE)
  # What it may not show becomes local to the object.
  target_link_options(doorstep_relocatable PRIVATE LINKER:-exported_symbol,_doorstep_*)
  set(localise ${CMAKE_COMMAND} -E copy)
else()
  # Groups are resolved here: else the app's linker would take the app's copy of an inline function or a vtable for ours,
  # which may be of another version.
  target_link_options(doorstep_relocatable PRIVATE LINKER:--force-group-allocation)
  set(localise ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=doorstep_* --strip-unneeded)
endif()
set(archive ${CMAKE_CURRENT_BINARY_DIR}/libdoorstep.a)
add_custom_command(OUTPUT ${archive} DEPENDS doorstep_relocatable VERBATIM
  COMMAND ${localise} $<TARGET_FILE:doorstep_relocatable> doorstep.o
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} qcs ${archive} doorstep.o)
add_custom_target(doorstep_archive ALL DEPENDS ${archive})
set_target_properties(doorstep_archive PROPERTIES ARCHIVE ${archive})
