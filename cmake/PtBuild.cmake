# Flags shared by every target, and the one way to declare a folder, a test and a tool.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

option(PT_ASSERTS "Check internal assertions (PT_ASSERT)" OFF)
option(PT_VERIFY "Heap verifier, reference ledger, poisoned free slots" OFF)
set(PT_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")
set(PT_PROFILE "" CACHE STRING "use: optimise for what vm/profile.profdata says programs do; generate: write such a profile")
set(PT_PYTHON_LIB "/usr/lib/python3.11" CACHE PATH "Folder of CPython 3.11's pure-Python library")

find_program(PT_CCACHE ccache)
if(PT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PT_CCACHE})
endif()

# Non-PIE, no PLT: the JIT's code arena lies in the low 2 GiB and reaches the runtime with 32-bit operands.
add_compile_options(
  -fno-exceptions -fno-rtti -fno-pic -fno-pie -fno-semantic-interposition
  -fno-omit-frame-pointer -ffp-contract=off -fno-strict-aliasing -ffunction-sections
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers -Wno-invalid-offsetof -Wno-c99-designator -Wthread-safety -Werror
  -Werror=unknown-attributes)
add_link_options(-fuse-ld=lld $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
add_compile_definitions(_GNU_SOURCE
  $<$<BOOL:${PT_ASSERTS}>:PT_ENABLE_ASSERTS=1>
  $<$<BOOL:${PT_VERIFY}>:PT_ENABLE_VERIFY=1>)
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include ${CMAKE_BINARY_DIR})

if(PT_SANITIZE)
  # Undefined behaviour is reported and survived, so that one run shows all of it; UBSAN_OPTIONS=halt_on_error=1 ends the
  # process instead (make asan-stress). Copying no bytes from a null pointer is defined as of C2y (N3322).
  add_compile_options(-fsanitize=${PT_SANITIZE} -fsanitize-recover=undefined)
  if(PT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize=nonnull-attribute)
  endif()
  add_link_options(-fsanitize=${PT_SANITIZE})
  if(PT_SANITIZE MATCHES "address")
    # Functions of the preserve_none convention cannot have frames of variable size.
    add_compile_options(-mllvm -asan-stack-dynamic-alloca=0)
  endif()
  set(PT_USE_MIMALLOC OFF)
else()
  set(PT_USE_MIMALLOC ON)
endif()

# The profile may be old: functions that have changed since are compiled without one. Functions with internal linkage are known by
# the name of their file alone, so that it does not matter where the sources lie.
if(PT_PROFILE STREQUAL "use")
  # Another profile is another command line: everything is compiled anew.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/vm/profile.profdata)
  file(SHA256 ${CMAKE_SOURCE_DIR}/vm/profile.profdata profile_digest)
  set(PT_PROFILE_OPTIONS -fprofile-use=${CMAKE_SOURCE_DIR}/vm/profile.profdata -Wno-profile-instr-unprofiled
    -Wno-profile-instr-out-of-date -Wno-backend-plugin -DPT_PROFILE_DIGEST=${profile_digest})
elseif(PT_PROFILE STREQUAL "generate")
  set(PT_PROFILE_OPTIONS -fprofile-generate)
  add_link_options(-fprofile-generate)
endif()
if(PT_PROFILE_OPTIONS)
  add_compile_options(${PT_PROFILE_OPTIONS} -mllvm -static-func-full-module-prefix=false)
endif()

find_package(Threads REQUIRED)

# Files whose containers may throw std::bad_alloc, and which clean up then (gc/platform/cpp_memory.h).
function(pt_with_exceptions)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -fexceptions)
endfunction()

# pt_folder(FOLDER [DEPS target...]): one static library from the sources directly in FOLDER, named after it
# (gc/heap -> pt_gc_heap). DEPS are the folders it may know; the link enforces the layering.
function(pt_folder folder)
  cmake_parse_arguments(ARG "" "" "DEPS;EXCLUDE" ${ARGN})
  string(REPLACE "/" "_" target "pt_${folder}")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC ${ARG_DEPS} Threads::Threads)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARG_DEPS} Threads::Threads)
  endif()
endfunction()
