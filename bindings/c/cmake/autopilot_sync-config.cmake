# find_package(autopilot_sync CONFIG) gives the targets
#
#   autopilot_sync::shared           the shared library
#   autopilot_sync::static           the static one, with the system's libraries that it needs
#   autopilot_sync::autopilot_sync   the shared library, or with BUILD_SHARED_LIBS=OFF the static one; if only one of
#                                    them is installed, that one
#   autopilot_sync::cpp              the same, for C++17
#
# each with the folder of autopilot_sync.h and autopilot_sync.hpp. The components `shared` and `static` say which must be
# there; without one, either will do. It may be installed anywhere, and be moved.
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
if(MSVC)
  set(_autopilot_sync_import autopilot_sync.lib)
else()
  set(_autopilot_sync_import libautopilot_sync.dll.a)
endif()
_autopilot_sync_find(_autopilot_sync_shared libautopilot_sync.so libautopilot_sync.dylib ${_autopilot_sync_import})
_autopilot_sync_find(_autopilot_sync_static libautopilot_sync.a)
set(_autopilot_sync_headers "${_autopilot_sync_prefix}/include")

include("${CMAKE_CURRENT_LIST_DIR}/autopilot_sync-targets.cmake")
if(NOT TARGET autopilot_sync::autopilot_sync)
  set(autopilot_sync_FOUND FALSE)
  set(autopilot_sync_NOT_FOUND_MESSAGE "there is no libautopilot_sync below ${_autopilot_sync_prefix}")
endif()

foreach(_autopilot_sync_component IN LISTS autopilot_sync_FIND_COMPONENTS)
  if(_autopilot_sync_component MATCHES "^(shared|static)$" AND TARGET autopilot_sync::${_autopilot_sync_component})
    set(autopilot_sync_${_autopilot_sync_component}_FOUND TRUE)
  else()
    set(autopilot_sync_${_autopilot_sync_component}_FOUND FALSE)
    if(autopilot_sync_FIND_REQUIRED_${_autopilot_sync_component})
      set(autopilot_sync_FOUND FALSE)
      set(autopilot_sync_NOT_FOUND_MESSAGE
          "there is no component '${_autopilot_sync_component}' below ${_autopilot_sync_prefix}: shared, static")
    endif()
  endif()
endforeach()
