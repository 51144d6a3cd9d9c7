"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from domain.wire import common


class SitePageSummary(TypedDict):
    slug: str
    title: str
    locale: str
    publishedAt: str | None


class CategoryName(TypedDict):
    name: str
    slug: str


class BlogPostSummary(TypedDict):
    slug: str
    title: str
    excerpt: str | None
    featuredImage: str | None
    publishedAt: str
    categories: list[CategoryName]


class BlogPosts(TypedDict):
    items: list[BlogPostSummary]
    total: int
    page: int
    limit: int
    totalPages: int


class HelpCategory(TypedDict):
    id: str
    slug: str
    name: str
    description: str | None
    icon: str | None
    iconBackground: str | None
    sortOrder: int
    articleCount: int


class ArticleCategory(TypedDict):
    name: str
    slug: str


class HelpArticleSummary(TypedDict):
    slug: str
    title: str
    excerpt: str | None
    icon: str | None
    readTimeMinutes: int | None
    isFeatured: bool
    publishedAt: str
    category: ArticleCategory | None


class HelpArticles(TypedDict):
    items: list[HelpArticleSummary]
    total: int
    page: int
    limit: int
    totalPages: int


class FaqItem(TypedDict):
    question: str
    answer: str


class FaqGroup(TypedDict):
    slug: str
    name: str
    items: list[FaqItem]


class PublicAnnouncement(TypedDict):
    title: str
    content: str
    type: common.AnnouncementType
    locale: str | None
    startsAt: str | None
    endsAt: str | None


class ContactRequest(TypedDict):
    name: NotRequired[str]
    email: str
    subject: str
    message: str


class CookieConsentRequest(TypedDict):
    analytics: bool
    marketing: bool
    functional: bool


class CookieConsentStatus(TypedDict):
    currentVersion: str
    userVersion: str | None
    requiresReConsent: bool


CookieCategoryId: TypeAlias = Literal["essential", "functional", "analytics", "marketing"]


class CookieText(TypedDict):
    en: str
    tr: str


class CookieCategory(TypedDict):
    id: CookieCategoryId
    required: bool
    name: CookieText
    description: CookieText


class CookiePolicy(TypedDict):
    categories: list[CookieCategory]


class SitePage(TypedDict):
    slug: str
    title: str
    content: str
    locale: str
    publishedAt: str | None


class BlogPost(TypedDict):
    slug: str
    title: str
    excerpt: str | None
    content: str
    featuredImage: str | None
    publishedAt: str
    categories: list[CategoryName]


class HelpArticle(TypedDict):
    slug: str
    title: str
    content: str
    excerpt: str | None
    icon: str | None
    readTimeMinutes: int | None
    publishedAt: str | None
    category: ArticleCategory | None


class ContentPreview(TypedDict):
    kind: common.ContentKind
    slug: str | None
    locale: str | None
    title: str
    excerpt: str | None
    content: str
    featuredImage: str | None
    icon: str | None
    readTimeMinutes: int | None
    revision: int
