# renvoi_module(<room> [USES <room>...] [LIBS <target>...] [PRIVATE_LIBS <target>...])
#   The static library of src/<room>: every .cpp in that folder. Included as "<room>/header.h".
function(renvoi_module room)
  cmake_parse_arguments(ARG "" "" "USES;LIBS;PRIVATE_LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  if(NOT sources)
    message(STATUS "src/${room} has no sources yet")
    return()
  endif()
  add_library(renvoi_${room} STATIC ${sources})
  target_include_directories(renvoi_${room} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  list(TRANSFORM ARG_USES PREPEND renvoi_)
  target_link_libraries(renvoi_${room} PUBLIC ${ARG_USES} ${ARG_LIBS} PRIVATE ${ARG_PRIVATE_LIBS} renvoi_warnings)
endfunction()

# renvoi_tests(<room> [USES <room>...] [LIBS <target>...])
#   One GoogleTest program test_<room> of every *_test.cpp in the current folder, each case a CTest test.
#   TEST_EVAL_DIR (a macro) is where the evaluation data would be; tests skip with a message when it is absent.
function(renvoi_tests room)
  cmake_parse_arguments(ARG "" "" "USES;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  if(NOT sources OR NOT TARGET renvoi_${room})
    message(STATUS "tests/${room} has nothing to build yet")
    return()
  endif()
  add_executable(test_${room} ${sources})
  list(TRANSFORM ARG_USES PREPEND renvoi_)
  target_link_libraries(test_${room} PRIVATE renvoi_${room} ${ARG_USES} ${ARG_LIBS} renvoi_warnings
                                             GTest::gmock GTest::gtest_main)
  target_include_directories(test_${room} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_compile_definitions(test_${room} PRIVATE
    TEST_EVAL_DIR="${CMAKE_SOURCE_DIR}/../shared/eval" TEST_DEPS_DIR="${RENVOI_DEPS}"
    TEST_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${room} COMMAND test_${room})
  set_tests_properties(${room} PROPERTIES TIMEOUT 600 LABELS unit)
endfunction()
