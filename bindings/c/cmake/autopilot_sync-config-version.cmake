# The version is the header's. Before 1.0 a minor version may break programs, so it must be the one that is asked for.
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../../../include/autopilot_sync.h" _line REGEX "^#define AUTOPILOT_VERSION \"")
string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" PACKAGE_VERSION "${_line}")
string(REGEX MATCH "^(0\\.[0-9]+|[0-9]+)" _series "${PACKAGE_VERSION}")
string(REGEX MATCH "^(0\\.[0-9]+|[0-9]+)" _series_asked_for "${PACKAGE_FIND_VERSION}")

if(PACKAGE_FIND_VERSION STREQUAL PACKAGE_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
if(_series STREQUAL _series_asked_for AND NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
