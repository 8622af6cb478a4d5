# The targets of the libraries, for autopilot_sync-config.cmake, which finds them, and for ../../../CMakeLists.txt, which
# builds them. The variables _autopilot_sync_shared and _autopilot_sync_static are the paths to link with, or false.
set(_autopilot_sync_soname)
if(UNIX AND NOT APPLE) # the name that programs ask for at run time: the version as far as it says the ABI
  string(REGEX MATCH "^(0\\.[0-9]+|[0-9]+)" _autopilot_sync_soname "${autopilot_sync_VERSION}")
  string(PREPEND _autopilot_sync_soname ".")
endif()
# What the Rust compiler's `--print native-static-libs` names.
if(WIN32)
  set(_autopilot_sync_system bcrypt advapi32 kernel32 ntdll userenv ws2_32 dbghelp)
elseif(APPLE)
  set(_autopilot_sync_system "-framework Security" "-framework CoreFoundation" iconv m)
else()
  set(_autopilot_sync_system gcc_s pthread m dl)
endif()

if(_autopilot_sync_shared AND NOT TARGET autopilot_sync::shared)
  add_library(autopilot_sync::shared SHARED IMPORTED ${_autopilot_sync_scope})
  set_target_properties(autopilot_sync::shared PROPERTIES
    # The file itself: who installs the target gets it and the link of this name, and no link to nowhere.
    IMPORTED_LOCATION "${_autopilot_sync_shared}${_autopilot_sync_soname}"
    INTERFACE_INCLUDE_DIRECTORIES "${_autopilot_sync_headers}")
  if(_autopilot_sync_soname)
    set_target_properties(autopilot_sync::shared PROPERTIES
      IMPORTED_SONAME "libautopilot_sync.so${_autopilot_sync_soname}")
  elseif(WIN32) # programs are linked with this one
    set_target_properties(autopilot_sync::shared PROPERTIES
      IMPORTED_LOCATION "${_autopilot_sync_prefix}/bin/autopilot_sync.dll"
      IMPORTED_IMPLIB "${_autopilot_sync_shared}")
  endif()
endif()

if(_autopilot_sync_static AND NOT TARGET autopilot_sync::static)
  add_library(autopilot_sync::static STATIC IMPORTED ${_autopilot_sync_scope})
  set_target_properties(autopilot_sync::static PROPERTIES
    IMPORTED_LOCATION "${_autopilot_sync_static}"
    INTERFACE_INCLUDE_DIRECTORIES "${_autopilot_sync_headers}"
    INTERFACE_LINK_LIBRARIES "${_autopilot_sync_system}")
endif()

set(_autopilot_sync_kinds shared static)
if(DEFINED BUILD_SHARED_LIBS AND NOT BUILD_SHARED_LIBS)
  set(_autopilot_sync_kinds static shared)
endif()
foreach(_autopilot_sync_kind IN LISTS _autopilot_sync_kinds)
  if(TARGET autopilot_sync::${_autopilot_sync_kind} AND NOT TARGET autopilot_sync::autopilot_sync)
    add_library(autopilot_sync::autopilot_sync INTERFACE IMPORTED ${_autopilot_sync_scope})
    set_target_properties(autopilot_sync::autopilot_sync PROPERTIES
      INTERFACE_LINK_LIBRARIES autopilot_sync::${_autopilot_sync_kind})
    add_library(autopilot_sync::cpp INTERFACE IMPORTED ${_autopilot_sync_scope})
    set_target_properties(autopilot_sync::cpp PROPERTIES
      INTERFACE_LINK_LIBRARIES autopilot_sync::autopilot_sync
      INTERFACE_COMPILE_FEATURES cxx_std_17)
  endif()
endforeach()
