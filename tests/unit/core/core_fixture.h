#pragma once
// Starts the object model once for all tests of the program, on the main thread.
#include <gtest/gtest.h>

#include "vm/object/error.h"
#include "vm/runtime/runtime.h"

namespace pt::testing {

class CoreFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    static bool started = (start_core(), true);
    (void)started;
  }
  void TearDown() override {
    EXPECT_FALSE(error_pending());
    clear_error();
  }
};

}  // namespace pt::testing
