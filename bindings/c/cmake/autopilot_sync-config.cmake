# find_package(autopilot_sync CONFIG) gives the targets
#
#   autopilot_sync::shared           the shared library
#   autopilot_sync::static           the static one, with the system's libraries that it needs
#   autopilot_sync::autopilot_sync   the shared library if it is installed, else the static one
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
  set(_autopilot_sync_import autopilot_sync.dll.lib autopilot_sync.lib) # as cargo-c calls it, and an archive
else()
  set(_autopilot_sync_import libautopilot_sync.dll.a)
endif()
_autopilot_sync_find(_autopilot_sync_shared libautopilot_sync.so libautopilot_sync.dylib ${_autopilot_sync_import})
_autopilot_sync_find(_autopilot_sync_static libautopilot_sync.a)

if(_autopilot_sync_shared AND NOT TARGET autopilot_sync::shared)
  add_library(autopilot_sync::shared SHARED IMPORTED)
  set_target_properties(autopilot_sync::shared PROPERTIES
    IMPORTED_LOCATION "${_autopilot_sync_shared}"
    INTERFACE_INCLUDE_DIRECTORIES "${_autopilot_sync_prefix}/include")
  if(WIN32) # programs are linked with this one
    set_target_properties(autopilot_sync::shared PROPERTIES
      IMPORTED_LOCATION "${_autopilot_sync_prefix}/bin/autopilot_sync.dll"
      IMPORTED_IMPLIB "${_autopilot_sync_shared}")
  endif()
  # The name that programs ask for at run time: the version as far as it says the ABI.
  string(REGEX MATCH "^(0\\.[0-9]+|[0-9]+)" _autopilot_sync_abi "${autopilot_sync_VERSION}")
  if(EXISTS "${_autopilot_sync_shared}.${_autopilot_sync_abi}")
    # The file itself: who installs the target gets it and the link of this name, and no link to nowhere.
    get_filename_component(_autopilot_sync_file "${_autopilot_sync_shared}.${_autopilot_sync_abi}" REALPATH)
    set_target_properties(autopilot_sync::shared PROPERTIES
      IMPORTED_LOCATION "${_autopilot_sync_file}"
      IMPORTED_SONAME "libautopilot_sync.so.${_autopilot_sync_abi}")
  endif()
endif()

if(_autopilot_sync_static AND NOT TARGET autopilot_sync::static)
  # What the Rust compiler's `--print native-static-libs` names.
  if(WIN32)
    set(_autopilot_sync_system bcrypt advapi32 kernel32 ntdll userenv ws2_32 dbghelp)
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

foreach(_autopilot_sync_kind shared static)
  if(TARGET autopilot_sync::${_autopilot_sync_kind} AND NOT TARGET autopilot_sync::autopilot_sync)
    add_library(autopilot_sync::autopilot_sync INTERFACE IMPORTED)
    set_target_properties(autopilot_sync::autopilot_sync PROPERTIES
      INTERFACE_LINK_LIBRARIES autopilot_sync::${_autopilot_sync_kind})
  endif()
endforeach()
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
