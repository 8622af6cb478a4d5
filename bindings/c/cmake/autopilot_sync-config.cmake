# find_package(autopilot_sync CONFIG) gives the targets
#
#   autopilot_sync::shared           the shared library
#   autopilot_sync::static           the static one, with the system's libraries that it needs
#   autopilot_sync::autopilot_sync   the shared library if it is installed, else the static one
#
# each with the folder of autopilot_sync.h and autopilot_sync.hpp. It may be installed anywhere, and be moved.
get_filename_component(_autopilot_sync_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(_autopilot_sync_folders lib lib64)
if(CMAKE_LIBRARY_ARCHITECTURE)
  list(APPEND _autopilot_sync_folders "lib/${CMAKE_LIBRARY_ARCHITECTURE}")
endif()

# The library of one of these names: below the prefix of this file, and nowhere else.
macro(_autopilot_sync_find result)
  unset(${result} CACHE)
  find_library(${result} NAMES ${ARGN} PATHS "${_autopilot_sync_prefix}" PATH_SUFFIXES ${_autopilot_sync_folders}
               NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
  mark_as_advanced(${result})
endmacro()
_autopilot_sync_find(_autopilot_sync_shared libautopilot_sync.so libautopilot_sync.dylib libautopilot_sync.dll.a)
_autopilot_sync_find(_autopilot_sync_static libautopilot_sync.a autopilot_sync.lib)

if(_autopilot_sync_shared AND NOT TARGET autopilot_sync::shared)
  add_library(autopilot_sync::shared UNKNOWN IMPORTED)
  set_target_properties(autopilot_sync::shared PROPERTIES
    IMPORTED_LOCATION "${_autopilot_sync_shared}"
    INTERFACE_INCLUDE_DIRECTORIES "${_autopilot_sync_prefix}/include")
endif()

if(_autopilot_sync_static AND NOT TARGET autopilot_sync::static)
  # What the Rust compiler's `--print native-static-libs` names.
  if(WIN32)
    set(_autopilot_sync_system bcrypt crypt32 advapi32 ncrypt secur32 userenv ws2_32 ntdll kernel32)
  elseif(APPLE)
    set(_autopilot_sync_system "-framework Security" "-framework CoreFoundation" iconv m)
  else()
    include(CMakeFindDependencyMacro)
    find_dependency(Threads)
    set(_autopilot_sync_system Threads::Threads gcc_s m ${CMAKE_DL_LIBS})
  endif()
  add_library(autopilot_sync::static STATIC IMPORTED)
  set_target_properties(autopilot_sync::static PROPERTIES
    IMPORTED_LOCATION "${_autopilot_sync_static}"
    INTERFACE_INCLUDE_DIRECTORIES "${_autopilot_sync_prefix}/include"
    INTERFACE_LINK_LIBRARIES "${_autopilot_sync_system}")
endif()

if(NOT TARGET autopilot_sync::autopilot_sync)
  add_library(autopilot_sync::autopilot_sync INTERFACE IMPORTED)
  if(TARGET autopilot_sync::shared)
    set_target_properties(autopilot_sync::autopilot_sync PROPERTIES INTERFACE_LINK_LIBRARIES autopilot_sync::shared)
  elseif(TARGET autopilot_sync::static)
    set_target_properties(autopilot_sync::autopilot_sync PROPERTIES INTERFACE_LINK_LIBRARIES autopilot_sync::static)
  else()
    set(autopilot_sync_FOUND FALSE)
    set(autopilot_sync_NOT_FOUND_MESSAGE "there is no libautopilot_sync below ${_autopilot_sync_prefix}")
  endif()
endif()
