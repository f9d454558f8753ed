# What `cmake --install` of the core alone puts down: header, contract, shared library, static archive, and what CMake
# and pkg-config need to find them. An app that links either sees the functions of the header and nothing else.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/doorstep_client)
install(FILES include/doorstep/doorstep.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/doorstep)
# For the host's own language: what crosses the header is these messages.
install(DIRECTORY ../proto/doorstep DESTINATION ${CMAKE_INSTALL_DATADIR}/doorstep/proto FILES_MATCHING PATTERN *.proto)
install(TARGETS ${DOORSTEP_SHIPPED} EXPORT doorstep_client-shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT doorstep_client-shared NAMESPACE doorstep:: DESTINATION ${package})
if(TARGET doorstep_archive)
  install(FILES $<TARGET_PROPERTY:doorstep_archive,ARCHIVE> DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

configure_package_config_file(cmake/doorstep_client-config.cmake.in cmake/doorstep_client-config.cmake
  INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_DATADIR)
write_basic_package_version_file(cmake/doorstep_client-config-version.cmake COMPATIBILITY SameMajorVersion)
# It may be installed elsewhere than it was configured for (--prefix), and be moved.
file(RELATIVE_PATH up_from_pkgconfig /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/doorstep_client.pc.in cmake/doorstep_client.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cmake/doorstep_client-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/cmake/doorstep_client-config-version.cmake DESTINATION ${package})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cmake/doorstep_client.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
