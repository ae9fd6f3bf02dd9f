// Calls, parameters, lambda and assignment targets.
#include "vm/syntax/parser.h"

namespace pt::syntax {

Expr* Parser::call(Expr* func, int start) {
  int open = pos_;
  auto finish = [&](Seq<Expr*> arguments, Seq<Keyword*> keywords) {
    auto* node = make_node<Call>(arena_, span_from(start));
    node->func = func;
    node->args = arguments;
    node->keywords = keywords;
    return node;
  };
  auto with_generator = [&](Expr* generator) {
    Vec<Expr*> one(arena_);
    one.push(generator);
    return finish(one.seq(), {});
  };
  if (second_pass_) {
    Expr* generator = genexp();
    if (failed()) return nullptr;
    if (generator) return with_generator(generator);
    pos_ = open + 1;
    Call* list = arguments();
    if (failed()) return nullptr;
    if (!list) pos_ = open + 1;
    if (!accept(Tok::RightParen)) return nullptr;
    return list ? finish(list->args, list->keywords) : finish({}, {});
  }
  pos_++;
  if (accept(Tok::RightParen)) return finish({}, {});
  Expr* first = nullptr;
  if (!at(Tok::Star) && !at(Tok::DoubleStar) && !(at(Tok::Name) && type_at(1) == Tok::Equal)) {
    first = generator_element();
    if (!first) return nullptr;
    if (accept(Tok::RightParen)) {
      Vec<Expr*> one(arena_);
      one.push(first);
      return finish(one.seq(), {});
    }
    if (at_for()) {
      Seq<Comprehension*> generators = comprehension_clauses();
      if (generators.empty() || !accept(Tok::RightParen)) return nullptr;
      auto* node = make_node<GeneratorExp>(arena_, span_from(open));
      node->elt = first;
      node->generators = generators;
      return with_generator(node);
    }
  }
  Call* list = args(first);
  if (!list) return nullptr;
  accept(Tok::Comma);
  if (!accept(Tok::RightParen)) return nullptr;
  return finish(list->args, list->keywords);
}

// args [','] &')'
Call* Parser::arguments() {
  Call* node;
  if (second_pass_ && recall(Rule::Arguments, &node)) return node;
  int start = pos_;
  node = args(nullptr);
  if (failed()) return nullptr;
  if (node) {
    accept(Tok::Comma);
    if (!at(Tok::RightParen)) node = nullptr;
  }
  if (!node && invalid_) {
    pos_ = start;
    invalid_arguments();
    if (failed()) return nullptr;
  }
  return second_pass_ ? static_cast<Call*>(remember(Rule::Arguments, start, node)) : node;
}

// Arguments up to the first that does not fit: positional and *x, then keywords and *x, then keywords and
// **x. `first` is an expression that was read already. The node is no real call: it has no func.
Call* Parser::args(Expr* first) {
  enum { kPositional, kKeyword, kDoubleStar } state = kPositional;
  int start = pos_;
  Vec<Expr*> exprs(arena_);
  Vec<Keyword*> keywords(arena_);
  for (;;) {
    int mark = pos_;
    bool any = !exprs.empty() || !keywords.empty();
    if (any && !accept(Tok::Comma)) break;
    int item = pos_;
    bool good = false;
    if (!first && at(Tok::Star) && state < kDoubleStar) {
      Expr* e = starred(&Parser::expression);
      if (e) exprs.push(e);
      good = e != nullptr;
    } else if (!first && at(Tok::DoubleStar)) {
      pos_++;
      Expr* value = expression();
      if (value) {
        auto* node = make_node<Keyword>(arena_, span_from(item));
        node->value = value;
        keywords.push(node);
        state = kDoubleStar;
        good = true;
      }
    } else {
      bool is_keyword = !first && at(Tok::Name) && type_at(1) == Tok::Equal;
      if (!is_keyword && state == kPositional) {
        Expr* e = first ? first : generator_element();
        first = nullptr;
        if (e && !at(Tok::Equal)) {
          exprs.push(e);
          continue;
        }
        if (failed()) return nullptr;
        pos_ = item;
      }
      if (invalid_) {
        invalid_keyword_argument();
        if (failed()) return nullptr;
        pos_ = item;
      }
      if (is_keyword) {
        const Identifier* name = identifier(peek());
        pos_ += 2;
        Expr* value = expression();
        if (value) {
          auto* node = make_node<Keyword>(arena_, span_from(item));
          node->arg = name;
          node->value = value;
          keywords.push(node);
          if (state == kPositional) state = kKeyword;
          good = true;
        }
      }
    }
    if (failed()) return nullptr;
    if (!good) {
      pos_ = mark;
      if (!any) return nullptr;
      break;
    }
  }
  auto* node = make_node<Call>(arena_, span_from(start));
  node->args = exprs.seq();
  node->keywords = keywords.seq();
  return node;
}

Expr* Parser::lambda() {
  Depth depth(*this);
  if (!depth) return nullptr;
  int start = pos_++;
  int mark = pos_;
  Arguments* arguments = nullptr;
  if (!at(Tok::Colon)) {
    arguments = parameters(true);
    if (failed()) return nullptr;
    if (!arguments) pos_ = mark;
  }
  if (!arguments) arguments = arena_.make<Arguments>();
  if (!accept(Tok::Colon)) return nullptr;
  Expr* body = expression();
  if (!body) return nullptr;
  auto* node = make_node<Lambda>(arena_, span_from(start));
  node->args = arguments;
  node->body = body;
  return node;
}

// NAME [':' annotation]
Arg* Parser::parameter(bool is_lambda, bool star_annotation) {
  int start = pos_;
  const Identifier* name = accept_name();
  if (!name) return nullptr;
  Expr* annotation = nullptr;
  if (!is_lambda && at(Tok::Colon)) {
    int mark = pos_++;
    annotation = star_annotation && at(Tok::Star) ? star_expression() : expression();
    if (failed()) return nullptr;
    if (!annotation) pos_ = mark;
  }
  auto* node = make_node<Arg>(arena_, span_from(start));
  node->arg = name;
  node->annotation = annotation;
  return node;
}

// All parameters up to the closing token, which stays; null where something else comes or their order is
// wrong.
Arguments* Parser::parameters(bool is_lambda) {
  int start = pos_;
  if (invalid_) {
    invalid_parameters(is_lambda);
    if (failed()) return nullptr;
    pos_ = start;
  }
  Tok close = is_lambda ? Tok::Colon : Tok::RightParen;
  Vec<Arg*> positional(arena_), keyword_only(arena_);
  Vec<Expr*> defaults(arena_), keyword_defaults(arena_);
  auto* node = arena_.make<Arguments>();
  bool seen_slash = false, seen_star = false;
  Arg* last = nullptr;  // the parameter that a type comment belongs to
  auto end_of_parameter = [&] {
    bool comma = accept(Tok::Comma);
    if (!is_lambda && last) last->type_comment = type_comment();
    last = nullptr;
    return comma || at(close);
  };
  while (!at(close)) {
    if (at(Tok::Name)) {
      Arg* arg = parameter(is_lambda, false);
      if (!arg) return nullptr;
      Expr* value = nullptr;
      if (at(Tok::Equal)) {
        int mark = pos_++;
        value = expression();
        if (failed()) return nullptr;
        if (!value) {
          if (invalid_) {
            pos_ = mark;
            invalid_default();
          }
          return nullptr;
        }
      }
      last = arg;
      if (seen_star) {
        keyword_only.push(arg);
        keyword_defaults.push(value);
      } else {
        if (!value && !defaults.empty()) return nullptr;
        positional.push(arg);
        if (value) defaults.push(value);
      }
    } else if (at(Tok::Slash)) {
      if (seen_slash || seen_star || positional.empty()) return nullptr;
      seen_slash = true;
      pos_++;
      node->posonlyargs = positional.take();
    } else if (at(Tok::Star)) {
      if (invalid_) {
        int mark = pos_;
        invalid_star_etc(is_lambda);
        if (failed()) return nullptr;
        pos_ = mark;
      }
      if (seen_star) return nullptr;
      seen_star = true;
      pos_++;
      if (at(Tok::Name)) {
        last = node->vararg = parameter(is_lambda, true);
        if (!node->vararg) return nullptr;
      } else if (!at(Tok::Comma) || type_at(1) != Tok::Name) {
        return nullptr;
      }
    } else if (at(Tok::DoubleStar)) {
      if (invalid_) {
        int mark = pos_;
        invalid_keywords(is_lambda);
        if (failed()) return nullptr;
        pos_ = mark;
      }
      pos_++;
      last = node->kwarg = parameter(is_lambda, false);
      if (!node->kwarg) return nullptr;
      end_of_parameter();
      if (!at(close)) return nullptr;
      break;
    } else {
      return nullptr;
    }
    if (!end_of_parameter()) return nullptr;
  }
  if (pos_ == start) return nullptr;
  node->args = positional.seq();
  node->defaults = defaults.seq();
  node->kwonlyargs = keyword_only.seq();
  node->kw_defaults = keyword_defaults.seq();
  return node;
}

// Turns an expression into a target, recursively; false where it is none.
bool Parser::make_target(Expr* e, TargetKind kind, bool allow_starred) {
  ExprContext ctx = kind == TargetKind::Del ? ExprContext::Del : ExprContext::Store;
  auto all = [&](Seq<Expr*> elts) {
    for (Expr* elt : elts)
      if (!make_target(elt, kind, kind != TargetKind::Del)) return false;
    return true;
  };
  switch (e->kind) {
    case ExprKind::Name: as<Name>(e)->ctx = ctx; return true;
    case ExprKind::Attribute: as<Attribute>(e)->ctx = ctx; return true;
    case ExprKind::Subscript: as<Subscript>(e)->ctx = ctx; return true;
    case ExprKind::Starred:
      if (!allow_starred) return false;
      as<Starred>(e)->ctx = ctx;
      return make_target(as<Starred>(e)->value, kind, false);
    case ExprKind::Tuple: as<Tuple>(e)->ctx = ctx; return all(as<Tuple>(e)->elts);
    case ExprKind::List: as<List>(e)->ctx = ctx; return all(as<List>(e)->elts);
    default: return false;
  }
}

bool Parser::is_single_target(Expr* e) const {
  return e->kind == ExprKind::Name || e->kind == ExprKind::Attribute || e->kind == ExprKind::Subscript;
}

Expr* Parser::star_targets() {
  int start = pos_;
  Expr* first = star_target();
  if (!first || !at(Tok::Comma)) return first;
  Vec<Expr*> elts(arena_);
  elts.push(first);
  while (accept(Tok::Comma)) {
    int mark = pos_;
    Expr* e = star_target();
    if (failed()) return nullptr;
    if (!e) {
      pos_ = mark;
      break;
    }
    elts.push(e);
  }
  auto* node = make_node<Tuple>(arena_, span_from(start));
  node->elts = elts.seq();
  node->ctx = ExprContext::Store;
  return node;
}

Expr* Parser::star_target() {
  if (!at(Tok::Star)) return primary_target(TargetKind::Star);
  int start = pos_++;
  if (at(Tok::Star)) return nullptr;
  Expr* value = star_target();
  if (!value) return nullptr;
  auto* node = make_node<Starred>(arena_, span_from(start));
  node->value = value;
  node->ctx = ExprContext::Store;
  return node;
}

Expr* Parser::primary_target(TargetKind kind) {
  Expr* e = primary();
  return e && make_target(e, kind, false) ? e : nullptr;
}

Expr* Parser::single_subscript_attribute_target() {
  int start = pos_;
  Expr* e = primary();
  if (!e || (e->kind != ExprKind::Attribute && e->kind != ExprKind::Subscript) || !spans_tokens(e, start)) return nullptr;
  make_target(e, TargetKind::Star, false);
  return e;
}

// An attribute, a subscript or a name; the name, but nothing else, also in parentheses.
Expr* Parser::single_target() {
  int start = pos_;
  Expr* e = primary();
  if (!e || !is_single_target(e)) return nullptr;
  if (e->kind != ExprKind::Name && !spans_tokens(e, start) && !at(Tok::RightParen) && tokens_[start].type != Tok::LeftParen)
    return nullptr;
  make_target(e, TargetKind::Star, false);
  return e;
}

}  // namespace pt::syntax
